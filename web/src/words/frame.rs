//! Labels of the frame of each page: navigation, figures, states, filters, login, errors.

labels! {
    // the frame
    product: "值守", "Zhishou";
    product_line: "视频与会议保障", "video and meeting assurance";
    skip: "跳到正文", "Skip to content";
    nav_sites: "站点在线率", "Availability";
    nav_devices: "设备", "Devices";
    other_language: "English", "中文";
    theme: "主题", "Theme";
    theme_auto: "跟随系统", "System";
    theme_light: "浅色", "Light";
    theme_dark: "深色", "Dark";
    logout: "退出", "Sign out";
    change_password: "修改密码", "Change password";
    keys: "快捷键", "Keys";
    key_search: "搜索", "search";
    key_help: "显示快捷键", "show keys";
    key_strip: "在时间条上左右移动", "move along a strip";
    close: "关闭", "Close";
    connection_lost: "实时连接已断开，数据可能过时；正在重连…", "Live connection lost; figures may be old. Reconnecting…";
    order_changed: "排序已变化，点此刷新", "The order has changed: refresh";
    // figures
    online_rate_today: "今日在线率", "Online today";
    online_rate: "在线率", "Online rate";
    device_minutes: "台·分钟", "device-minutes";
    coverage: "覆盖", "coverage";
    target: "目标", "target";
    policy: "口径", "policy";
    too_little: "数据不足", "Too little data";
    between: "可能区间", "between";
    last_update: "最后更新", "Last update";
    never: "尚无结果", "no result yet";
    unit_devices: "台", "devices";
    below_target: "低于目标", "below target";
    // states
    online: "在线", "Online";
    degraded: "降级", "Degraded";
    offline: "离线", "Offline";
    unknown: "未知", "Unknown";
    unconnected: "未接入", "Not connected";
    out_of_use: "不在用", "Out of use";
    state: "状态", "State";
    // filters
    filters: "筛选", "Filters";
    all: "全部", "All";
    street: "街道", "Street";
    department: "部门", "Department";
    class: "点位类别", "Class";
    maintainer: "运维单位", "Maintainer";
    police_station: "辖区派出所", "Police station";
    tag: "标签", "Tag";
    only_trouble: "只看异常", "Trouble only";
    search: "搜索名称、地址、IP", "Search name, address, IP";
    apply: "筛选", "Filter";
    clear: "清除", "Clear";
    // login
    login: "登录", "Sign in";
    login_title: "登录值守", "Sign in to Zhishou";
    login_failed: "用户名或密码不正确。", "User name or password is wrong.";
    login_locked: "失败次数过多，已暂停登录。请在以下时间后再试：", "Too many failures; signing in is paused. Try again in:";
    login_expired: "登录已过期，请重新登录；完成后回到原来的页面。", "Your session has ended. Sign in again to return to where you were.";
    password_title: "设置新密码", "Set a new password";
    password_forced: "首次登录须修改初始密码。", "Change the one-time password before going on.";
    password_current: "当前密码", "Current password";
    password_new: "新密码", "New password";
    password_again: "再次输入新密码", "New password again";
    password_rules: "至少 10 个字符，含大写、小写、数字、符号中的三类，不含用户名。", "At least 10 characters, three of upper case, lower case, digit, symbol; not the user name.";
    password_wrong: "当前密码不正确。", "The current password is wrong.";
    password_differs: "两次输入的新密码不一致。", "The new passwords differ.";
    password_same: "新密码不能与当前密码相同。", "The new password must differ from the current one.";
    password_weak: "新密码不符合规则。", "The new password does not meet the rules.";
    password_too_long: "密码过长（最多 128 个字符）。", "The password is too long (at most 128 characters).";
    // errors
    error_not_found: "没有这个页面或记录", "No such page or record";
    error_not_found_next: "它可能已被删除，或链接不完整。", "It may have been removed, or the link is incomplete.";
    error_bad_request: "请求无法理解", "The request could not be understood";
    error_bad_request_next: "检查链接中的筛选条件，或回到首页。", "Check the filters in the link, or go back to the start page.";
    error_forbidden: "请求被拒绝", "The request was refused";
    error_one_time: "请先修改一次性密码", "the one-time password must be changed first";
    role_asked: "此操作需要角色：", "this asks for the role:";
    role_own: "您的角色：", "yours:";
    role_next: "没有任何内容被改动。确需操作时，请联系系统管理员调整角色。", "Nothing was changed. Where you need this, ask an administrator for the role.";
    error_forbidden_next: "请从本系统的页面提交；没有任何内容被改动。", "Submit it from a page of this system. Nothing was changed.";
    error_too_large: "提交的内容过大", "What was sent is too large";
    error_too_large_next: "请拆分后再提交；没有任何内容被改动。", "Split it and send again. Nothing was changed.";
    error_internal: "系统内部错误", "Internal error";
    error_internal_next: "已保存的数据没有丢失。请稍后重试；若反复出现，请把请求编号交给系统管理员。", "Nothing that was saved is lost. Try again; if it returns, give the request id to the administrator.";
    error_unavailable: "暂时无法处理", "Not available right now";
    error_unavailable_next: "已保存的数据没有丢失。请稍后重试。", "Nothing that was saved is lost. Try again shortly.";
    request_id: "请求编号", "Request id";
    home: "回到首页", "Back to the start page";
}
