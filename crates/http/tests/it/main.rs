//! Tests of duka-http, over loopback sockets and through fake transports.
