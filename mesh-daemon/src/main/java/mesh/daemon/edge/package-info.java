/** The HTTP server and the relay behind it: bytes, framing, refusals and back-pressure, with no opinion on models. */
package mesh.daemon.edge;
