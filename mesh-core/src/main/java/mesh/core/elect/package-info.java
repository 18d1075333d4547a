/** Who hosts a model, alone or split, with what shares, and the arithmetic behind it. */
package mesh.core.elect;
