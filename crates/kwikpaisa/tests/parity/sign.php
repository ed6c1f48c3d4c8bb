<?php
// Signs payloads as a server in PHP would that reads the body and writes it again: keys sorted at every depth,
// slashes as they are. Usage: php -n sign.php KEY raw|escaped
//
// Input and output as of sign.mjs. `-n` leaves php.ini out: floats are written in their shortest form only while
// serialize_precision is -1, the default since PHP 7.1.

[, $key, $unicode] = $argv;
$flags = JSON_UNESCAPED_SLASHES | ($unicode === 'raw' ? JSON_UNESCAPED_UNICODE : 0) | JSON_THROW_ON_ERROR;

function sorted(mixed $value): mixed
{
    if (!is_array($value)) {
        return $value;
    }
    ksort($value);
    return array_map('sorted', $value);
}

foreach (explode("\n", stream_get_contents(STDIN)) as $line) {
    if ($line === '') {
        continue;
    }
    [$timestamp, $json] = explode(' ', $line, 2);
    $payload = json_encode(sorted(json_decode($json, true, 512, JSON_THROW_ON_ERROR)), $flags);
    echo hash_hmac('sha256', $payload . $timestamp, $key), ' ', $payload, "\n";
}
