# Copyright {{ year | comment }} Gentoo Authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

CRATES="
{%- for crate in crates %}
	{{ crate | bash }}
{%- endfor %}
"
RUST_MIN_VER="{{ rust_full | bash }}"

inherit cargo

DESCRIPTION="Single-GPU passthrough to a virtual machine, as native packages"
{% if homepage %}HOMEPAGE="{{ homepage | bash }}"
{% endif -%}
SRC_URI="${P}.tar.xz ${CARGO_CRATE_URIS}"

LICENSE="|| ( MIT Apache-2.0 )"
# What the crates are under.
LICENSE+=" {{ gentoo_licenses | bash }}"
SLOT="0"
KEYWORDS="~amd64 ~arm64"

src_prepare() {
	# The crates come from CRATES; the tarball's own are for those who have none.
	rm -r vendor || die
	printf '[alias]\nxtask = "run --quiet --package xtask --"\n' > .cargo/config.toml || die
	default
}

src_compile() {
	cargo_src_compile --workspace
}

src_test() {
	# The suite wants the tools of every distro: cargo xtask test.
	"$(cargo_target_dir)"/onegpu render templates/example.toml --distro gentoo --output "${T}"/tried || die
}

src_install() {
	"$(cargo_target_dir)"/xtask install --destdir "${D}" --prefix "${EPREFIX}"/usr \
		--docdir "${EPREFIX}"/usr/share/doc/${PF} --binary "$(cargo_target_dir)"/onegpu || die
}
