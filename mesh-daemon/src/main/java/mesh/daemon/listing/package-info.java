/** Puts this node's mesh on Nostr relays when asked to, and finds other meshes there. */
package mesh.daemon.listing;
