/** One UDP socket that accepts and dials, peers who proved their keys, and the streams between them. */
package mesh.daemon.quic;
