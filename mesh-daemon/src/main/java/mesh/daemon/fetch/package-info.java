/** Files from the network: whole, taken up where they were left, and checked. */
package mesh.daemon.fetch;
