/** The stand-ins beside the real things. */
package mesh.testnet.fake;
