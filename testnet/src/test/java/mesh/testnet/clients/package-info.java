/** Other people's client libraries against our ports. */
package mesh.testnet.clients;
