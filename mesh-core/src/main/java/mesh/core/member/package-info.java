/** Who is in the mesh, as this node sees it, and what each member says of itself. */
package mesh.core.member;
