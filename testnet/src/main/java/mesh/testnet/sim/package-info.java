/** The simulator: many nodes' minds in one JVM, on virtual time, replayed from a seed. */
package mesh.testnet.sim;
