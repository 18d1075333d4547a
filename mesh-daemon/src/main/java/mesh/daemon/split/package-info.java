/** The life of a split on both of its sides: the host that runs a model over others' memory, the worker that lends. */
package mesh.daemon.split;
