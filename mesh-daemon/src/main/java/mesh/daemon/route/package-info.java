/** One view of all models a request can reach: those of this node and those of its peers, and the way to each. */
package mesh.daemon.route;
