/** The daemon put together from its parts, started in one order and stopped in the reverse. */
package mesh.daemon;
