/** Children of the daemon: started on a leash, watched, restarted within bounds, stopped by handle, never left behind. */
package mesh.daemon.process;
