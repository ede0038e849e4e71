//! Which of several hardware decoders is used: the best by GStreamer's rank that opens. In a process of
//! its own, because what is registered stays.

#![cfg(feature = "gst")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use zhishou_probe::decode::hardware_decoders;

use card::{Broken, Works};

/// A decoder of H.264 by its description, as the plugin of a graphics card has them.
mod card {
    use std::sync::LazyLock;

    use gstreamer as gst;
    use gstreamer::glib;
    use gstreamer::subclass::prelude::*;

    static TEMPLATES: LazyLock<[gst::PadTemplate; 2]> = LazyLock::new(|| {
        [
            ("sink", gst::PadDirection::Sink, "video/x-h264"),
            ("src", gst::PadDirection::Src, "video/x-raw"),
        ]
        .map(|(name, direction, caps)| {
            let caps = gst::Caps::builder(caps).build();
            gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
        })
    });

    static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
        let class = "Codec/Decoder/Video/Hardware";
        gst::subclass::ElementMetadata::new("test card", class, "decodes nothing", "nobody")
    });

    macro_rules! decoder {
        ($name:ident, $own:ident, $type:literal, $ready:expr) => {
            glib::wrapper! {
                pub struct $name(ObjectSubclass<$own>) @extends gst::Element, gst::Object;
            }

            #[derive(Default)]
            pub struct $own;

            #[glib::object_subclass]
            impl ObjectSubclass for $own {
                const NAME: &'static str = $type;
                type Type = $name;
                type ParentType = gst::Element;
            }

            impl ObjectImpl for $own {
                fn constructed(&self) {
                    use gstreamer::prelude::*;
                    self.parent_constructed();
                    for template in TEMPLATES.iter() {
                        let pad = gst::Pad::builder_from_template(template)
                            .event_function(|_, _, _| true)
                            .build();
                        self.obj().add_pad(&pad).unwrap();
                    }
                }
            }

            impl GstObjectImpl for $own {}

            impl ElementImpl for $own {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    Some(&METADATA)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    &*TEMPLATES
                }

                fn change_state(
                    &self,
                    transition: gst::StateChange,
                ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                    if $ready {
                        self.parent_change_state(transition)
                    } else {
                        Err(gst::StateChangeError)
                    }
                }
            }
        };
    }

    decoder!(Works, OfWorks, "ZhishouTestWorks", true);
    decoder!(Broken, OfBroken, "ZhishouTestBroken", false);
}

/// The decoders of this test in the order in which they are tried, and whether they are used.
fn found() -> Vec<(String, bool)> {
    let found = hardware_decoders().unwrap().into_iter();
    found.map(|it| (it.name, it.in_use)).filter(|(name, _)| name.starts_with("card-")).collect()
}

#[test]
fn the_best_by_rank_that_opens_is_used() {
    gst::init().unwrap();
    let register = |name, over: i32, kind: glib::Type| {
        gst::Element::register(None, name, gst::Rank::PRIMARY + over, kind).unwrap();
    };
    register("card-third", 1_000, Works::static_type());
    register("card-broken", 3_000, Broken::static_type());
    register("card-second", 2_000, Works::static_type());
    let in_order = |names: [(&str, bool); 3]| names.map(|(name, used)| (name.to_owned(), used));
    let broken = ("card-broken", false);
    assert_eq!(found(), in_order([broken, ("card-second", true), ("card-third", false)]));
    // As `GST_PLUGIN_FEATURE_RANK` changes them.
    let feature = gst::Registry::get().lookup_feature("card-third").unwrap();
    feature.set_rank(gst::Rank::PRIMARY + 4_000);
    assert_eq!(found(), in_order([("card-third", true), broken, ("card-second", false)]));
}
