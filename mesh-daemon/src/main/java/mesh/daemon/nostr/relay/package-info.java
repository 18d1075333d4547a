/** A small relay for private networks and tests, in memory. */
package mesh.daemon.nostr.relay;
