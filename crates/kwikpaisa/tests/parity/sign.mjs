// Signs payloads as a server in Node would that reads the body and writes it again: what the page "signature"
// shows, with the keys sorted at every depth. Usage: node sign.mjs KEY
//
// Standard input has a line per payload: the timestamp, a space, the JSON in any spelling. Standard output has a
// line for each: the signature, a space, the JSON as it was signed.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [key] = process.argv.slice(2);

// By entries, because `sorted[key] = …` would set the prototype for a key named "__proto__".
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

const lines = readFileSync(0, 'utf8').split('\n').filter((line) => line !== '');
const answers = lines.map((line) => {
  const space = line.indexOf(' ');
  const payload = JSON.stringify(sorted(JSON.parse(line.slice(space + 1))));
  const signature = createHmac('sha256', key).update(payload + line.slice(0, space)).digest('hex');
  return `${signature} ${payload}\n`;
});
process.stdout.write(answers.join(''));
