/** The frames of ggml's RPC protocol, as pure parsing: what may pass between a split's host and its workers. */
package mesh.core.rpc;
