/** Which host serves a request, and why not the others. */
package mesh.core.route;
