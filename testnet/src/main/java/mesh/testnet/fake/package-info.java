/** Stand-ins with knobs for trouble, each held against the real thing by a test. */
package mesh.testnet.fake;
