/** Finding, listing and making model files. */
package mesh.daemon.models;
