/** What a model file says of itself, read safely, and what it needs to run. */
package mesh.core.model;
