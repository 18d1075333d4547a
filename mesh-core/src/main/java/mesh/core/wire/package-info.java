/** Messages between nodes and their bytes. */
package mesh.core.wire;
