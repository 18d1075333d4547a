/** TCP connections carried through streams between nodes. */
package mesh.daemon.tunnel;
