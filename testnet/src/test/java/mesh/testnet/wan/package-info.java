/** Whole daemons in network namespaces: NATs, cut cables and slow links, as far as one Linux machine can have them. */
package mesh.testnet.wan;
