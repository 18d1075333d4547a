/** The program's entry and one small class per command. */
package mesh.daemon.cli;
