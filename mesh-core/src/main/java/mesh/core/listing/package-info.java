/** What a mesh says of itself in public, how a stranger checks it, and which mesh a newcomer tries first. */
package mesh.core.listing;
