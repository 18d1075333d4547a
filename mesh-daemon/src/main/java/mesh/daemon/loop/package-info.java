/** The one thread that owns the core's node, and what carries its effects out. */
package mesh.daemon.loop;
