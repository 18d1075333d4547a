/** Which mesh this node belongs to and whom it lets in: certificate, invites and revocations, kept on disk. */
package mesh.daemon.trust;
