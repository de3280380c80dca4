# Written by onegpu {{ version | comment }}: the setup of one machine.
# Distributed under the terms of {{ license_words | comment }}.

EAPI=8

DESCRIPTION="{{ package.summary | bash }}"
{%- if homepage %}
HOMEPAGE="{{ homepage | bash }}"
{%- endif %}
S="${WORKDIR}"

LICENSE="{{ license | bash }}"
SLOT="0"
KEYWORDS="amd64"
{%- if depends %}

RDEPEND="
{%- for atom in depends %}
	{{ atom | bash }}
{%- endfor %}
"
{%- endif %}

src_install() {
	insinto /
	doins -r "${FILESDIR}"/.
{%- for path in executables %}
	fperms 0755 {{ path | sh }}
{%- endfor %}
{%- for link in links %}
	dosym -r {{ link.target | sh }} {{ link.path | sh }}
{%- endfor %}
}

pkg_postinst() {
{%- if package.auto_apply %}
	local root=()
	[[ -z ${EROOT} ]] || root=( --root "${EROOT}" )
	"${EROOT}"{{ package.libexec | sh }}/apply "${root[@]}" {% if package.guest %}guest {{ package.guest | sh }}{% else %}host{% endif %} ||
		die "not applied: mend what apply says, then merge again"
{%- else %}
	# The profile says: [package] apply = "manual".
	elog "Not applied yet. As root: {{ package.libexec | bash }}/apply {% if package.guest %}guest {{ package.guest | bash }}{% else %}host{% endif %}"
{%- endif %}
}

pkg_prerm() {
	# An upgrade takes nothing back: the new version's pkg_postinst applies.
	[[ -z ${REPLACED_BY_VERSION} ]] || return 0
{%- if package.guest %}
	# Unmerged before this one, the host's part has taken the guest back already.
	[[ -x ${EROOT}{{ package.libexec | sh }}/revert ]] || return 0
{%- endif %}
	local root=()
	[[ -z ${EROOT} ]] || root=( --root "${EROOT}" )
	# Portage takes the files away whatever is returned here.
	"${EROOT}"{{ package.libexec | sh }}/revert "${root[@]}" {% if package.guest %}guest {{ package.guest | sh }}{% else %}host{% endif %} ||
		eerror "not taken back: mend what revert says, merge again, and unmerge again"
}
