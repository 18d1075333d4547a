/** What the node is at this moment as a set of entities, and the stream of what changes in them, for pages that watch. */
package mesh.daemon.feed;
