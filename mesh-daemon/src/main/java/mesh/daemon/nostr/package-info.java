/** The Nostr protocol as this daemon needs it: signed events, relays that may misbehave, and nothing about meshes. */
package mesh.daemon.nostr;
