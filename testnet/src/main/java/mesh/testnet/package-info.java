/** What proves the other modules: simulator, faults, fakes, real-process runs, benches. */
package mesh.testnet;
