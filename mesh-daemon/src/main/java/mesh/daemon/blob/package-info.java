/** Copies of models between the nodes of one mesh: in chunks, from several at once, each checked. */
package mesh.daemon.blob;
