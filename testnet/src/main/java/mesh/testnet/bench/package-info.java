/** Programs that measure, started by hand: never a timed test. */
package mesh.testnet.bench;
