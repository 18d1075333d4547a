/** What this machine has to give: memory, cores, later its GPUs. */
package mesh.daemon.hardware;
