/** Whole daemons in processes of their own, with real llama.cpp, as strangers meet them. */
package mesh.testnet.node;
