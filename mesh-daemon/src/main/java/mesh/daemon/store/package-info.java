/** What must survive a restart: whole files, written so that a crash leaves the old or the new one. */
package mesh.daemon.store;
