//! The words that a profile may say: each set once, with its spelling.

use serde::{Deserialize, Serialize};

/// Declares an enum of words with its spelling in profiles and templates.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling in a profile.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// Init systems.
    Init {
        /// systemd.
        Systemd = "systemd",
        /// OpenRC.
        Openrc = "openrc",
        /// runit.
        Runit = "runit",
    }
}

words! {
    /// Boot loaders.
    Bootloader {
        /// GRUB 2.
        Grub = "grub",
        /// systemd-boot.
        SystemdBoot = "systemd-boot",
        /// Limine, with limine-entry-tool.
        Limine = "limine",
        /// rEFInd.
        Refind = "refind",
        /// A unified kernel image, whatever starts it.
        Uki = "uki",
    }
}

words! {
    /// CPU makers.
    CpuVendor {
        /// Intel.
        Intel = "intel",
        /// AMD.
        Amd = "amd",
    }
}

words! {
    /// Kernel drivers of graphics cards.
    Driver {
        /// NVIDIA's own modules.
        Nvidia = "nvidia",
        /// The kernel's driver for NVIDIA cards.
        Nouveau = "nouveau",
        /// AMD since GCN.
        Amdgpu = "amdgpu",
        /// AMD before.
        Radeon = "radeon",
        /// Intel.
        I915 = "i915",
        /// Intel since Xe.
        Xe = "xe",
    }
}

words! {
    /// Display managers, by the name people know them by.
    DisplayManager {
        /// GNOME's.
        Gdm = "gdm",
        /// KDE's until Plasma 6.
        Sddm = "sddm",
        /// LightDM.
        Lightdm = "lightdm",
        /// greetd.
        Greetd = "greetd",
        /// LXDE's.
        Lxdm = "lxdm",
        /// X's own.
        Xdm = "xdm",
        /// SLiM.
        Slim = "slim",
        /// ly, a text screen.
        Ly = "ly",
        /// emptty, a text screen.
        Emptty = "emptty",
        /// KDE's since Plasma 6.
        Plasmalogin = "plasmalogin",
        /// COSMIC's, a greetd of its own name.
        CosmicGreeter = "cosmic-greeter",
        /// The desktop is started from a console.
        None = "none",
    }
}

words! {
    /// What runs in a guest.
    #[derive(Default)]
    GuestOs {
        /// Windows 11: wants a TPM and Secure Boot.
        Windows11 = "windows-11",
        /// Windows 10.
        Windows10 = "windows-10",
        /// Linux.
        Linux = "linux",
        /// Anything else.
        #[default]
        Other = "other",
    }
}

words! {
    /// Where a guest's sound goes besides the card's own HDMI.
    #[derive(Default)]
    Audio {
        /// To the desktop user's PipeWire.
        Pipewire = "pipewire",
        /// Only to the card, or to a USB device that is handed over.
        #[default]
        None = "none",
    }
}

words! {
    /// What a guest's memory is made of.
    #[derive(Default)]
    Hugepages {
        /// Ordinary pages, of 4 KiB.
        #[default]
        None = "none",
        /// As many of 2 MiB as the kernel finds; the rest are ordinary.
        Transparent = "transparent",
        /// All of 2 MiB, set aside before the guest starts; without them it does not.
        Reserve = "reserve",
    }
}

words! {
    /// What decides how fast the host's processor runs.
    #[derive(Default)]
    Governor {
        /// What decides otherwise, too.
        #[default]
        Keep = "keep",
        /// The kernel's `performance`: always fast.
        Performance = "performance",
    }
}

words! {
    /// Whether installing the packages applies them.
    #[derive(Default)]
    Apply {
        /// The maintainer scripts apply and revert.
        #[default]
        Auto = "auto",
        /// The user calls `apply`.
        Manual = "manual",
    }
}

impl GuestOs {
    /// Windows of any version.
    pub fn is_windows(self) -> bool {
        matches!(self, Self::Windows10 | Self::Windows11)
    }
}
