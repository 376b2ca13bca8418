// Package bench measures a running Otpravka over HTTP: how many codes it
// starts and checks in a second, how long each call takes, and what that costs
// the server.
//
// The server is a process of its own, so that its CPU and memory are told apart
// from those of the measuring. What measures has to be cheap all the same,
// because both share the cores of the machine: clients and provider speak just
// enough HTTP/1.1 over plain connections, and stop loudly at anything else.
package bench
