/** The brain of one node: decisions as a step function, with no I/O, clock or threads. */
package mesh.core;
