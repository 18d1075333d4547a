/** Messages and their bytes: CBOR records, every bound checked while decoding, nothing thrown on hostile input. */
package mesh.core.wire;
