/** Files that survive a power cut. */
package mesh.daemon.store;
