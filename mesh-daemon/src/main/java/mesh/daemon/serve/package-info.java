/** The models this node runs itself, from a user's word to a port that answers. */
package mesh.daemon.serve;
