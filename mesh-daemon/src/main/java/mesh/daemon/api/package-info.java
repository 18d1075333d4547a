/** What the ports say: dialects, the list of models, where a request goes. */
package mesh.daemon.api;
