/** What QUIC and tunnels cost, measured beside plain TCP in the same run. */
package mesh.testnet.transport;
