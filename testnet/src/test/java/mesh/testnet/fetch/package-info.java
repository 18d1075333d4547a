/** Fetching files from servers that behave and from servers that do not. */
package mesh.testnet.fetch;
