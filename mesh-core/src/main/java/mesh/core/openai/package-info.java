/** The few fields of a request that a proxy must see, found without a tree, and errors in the caller's dialect. */
package mesh.core.openai;
