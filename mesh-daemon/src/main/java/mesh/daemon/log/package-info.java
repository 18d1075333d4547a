/** One line per event, as key=value or JSON. */
package mesh.daemon.log;
